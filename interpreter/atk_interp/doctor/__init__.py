"""Whether a machine, and the endpoints of a config, can do what a run will ask of them."""

from __future__ import annotations

from atk_interp.doctor.endpoints import endpoint_checks
from atk_interp.doctor.health import health_checks
from atk_interp.doctor.machine import machine_checks
from atk_interp.doctor.model import Check

__all__ = ["Check", "endpoint_checks", "health_checks", "machine_checks"]
