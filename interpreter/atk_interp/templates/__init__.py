"""Jinja templates in a sandbox: prompt files, message lists, and what they need from a row.

The only door to Jinja. Templates are read after the YAML around them, so data can never forge a message.
"""

from atk_interp.templates.analysis import check_template, used_names
from atk_interp.templates.codes import CODES
from atk_interp.templates.environment import template_words
from atk_interp.templates.facts import Facts, Lone, Unused
from atk_interp.templates.includes import Ring, include_rings
from atk_interp.templates.items import ROLES, Each, MessageTemplate, Rendered
from atk_interp.templates.messages import MessageList, parse_messages
from atk_interp.templates.prompts import Prompt, PromptLibrary
from atk_interp.templates.render import Template, compile_template
from atk_interp.templates.syntax import TAGS
from atk_interp.templates.work import RenderError

__all__ = [
    "CODES",
    "ROLES",
    "TAGS",
    "Each",
    "Facts",
    "Lone",
    "MessageList",
    "MessageTemplate",
    "Prompt",
    "PromptLibrary",
    "RenderError",
    "Rendered",
    "Ring",
    "Template",
    "Unused",
    "check_template",
    "compile_template",
    "include_rings",
    "parse_messages",
    "template_words",
    "used_names",
]
