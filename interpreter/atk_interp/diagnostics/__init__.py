"""What we tell people, as data: codes, diagnostics, the sink that collects them, near names."""

from atk_interp.diagnostics.codes import Code, Severity
from atk_interp.diagnostics.model import Diagnostic, Edit, Fix, Label
from atk_interp.diagnostics.sink import Sink
from atk_interp.diagnostics.suggest import did_you_mean, near

__all__ = ["Code", "Diagnostic", "Edit", "Fix", "Label", "Severity", "Sink", "did_you_mean", "near"]
