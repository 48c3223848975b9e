"""The store of paid calls: a reply that was bought once is never asked for again."""

from atk_interp.ledger.base import Entry, Ledger, LedgerError, LedgerFull, LedgerStats, StoredReply

__all__ = ["Entry", "Ledger", "LedgerError", "LedgerFull", "LedgerStats", "StoredReply"]
