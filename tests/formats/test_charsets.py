from __future__ import annotations

from pathlib import Path

import pytest

from atk_interp.formats.charsets import likeliest
from atk_interp.formats.readers import Document, read_file

TEXTS = [
    ("cp1252", "Le fleuve naît dans les collines et coule jusqu'à la mer, été comme hiver. "),
    ("cp1252", "Der Fluß entspringt in den Hügeln und fließt neunzig Meilen weit. "),
    ("cp1252", "El río nace en las colinas y fluye noventa millas; ¿por qué? Así es “todo”. "),
    ("cp1252", "Älven rinner upp i bergen och flyter nittio mil förbi två städer på väg till havet. "),
    ("cp1252", "“It’s fine,” he said — and left for the café. "),
    ("cp1252", "A naïve résumé; a few words in plain English with nothing else odd in them at all. "),
    ("cp1250", "Řeka pramení v kopcích a teče devadesát mil kolem dvou měst. "),
    ("cp1250", "Rzeka wypływa na wzgórzach i płynie dziewięćdziesiąt mil. W pobliżu żyją ludzie, którzy łowią ryby. "),
    ("cp1250", "A folyó a dombok között ered, és kilencven mérföldön át folyik a tengerig, őszi erdő. "),
    ("cp1254", "Nehir tepelerde doğar ve iki şehrin yanından geçip denize dökülür. "),
    ("cp1251", "Река берёт начало в холмах и течёт девяносто миль мимо двух городов. "),
    ("koi8_r", "Река берёт начало в холмах и течёт девяносто миль мимо двух городов. "),
    ("cp1253", "Ο ποταμός πηγάζει από τους λόφους και φτάνει στη θάλασσα. "),
    ("cp1255", "הנהר נובע מן הגבעות וזורם אל הים. "),
    ("cp1256", "ينبع النهر من التلال ويمر بمدينتين. "),
    ("cp932", "川は丘に源を発し、二つの町を過ぎて海に注ぐ。"),
    ("euc_jp", "川は丘に源を発し、二つの町を過ぎて海に注ぐ。"),
    ("gb18030", "这条河发源于山中。它流经两座城镇，最后汇入大海。"),
    ("big5", "這條河發源於山中。它流經兩座城鎮，最後匯入大海。"),
    ("cp949", "강은 언덕에서 발원하여 두 마을을 지나 바다로 흘러간다. "),
    ("cp874", "แม่น้ำไหลจากเนินเขาลงสู่ทะเล "),
]


@pytest.mark.slow
@pytest.mark.parametrize(("encoding", "text"), TEXTS)
def test_a_text_in_an_old_encoding_is_read_as_it_was_written(tmp_path: Path, encoding: str, text: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((text * 20).encode(encoding))
    *problems, document = read_file(path, tmp_path)
    assert isinstance(document, Document)
    assert document.fields["text"] == text * 20
    assert len(problems) == 1


def test_a_word_is_enough_for_a_western_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for text in ("Größe", "café", "naïve"):
        path.write_bytes(text.encode("cp1252"))
        assert [one.fields["text"] for one in read_file(path, tmp_path) if isinstance(one, Document)] == [text]


def test_the_first_of_equals_is_taken_where_nothing_tells() -> None:
    assert likeliest("кошка".encode("cp1251"), ["cp1251", "koi8_r"]) == "cp1251"
