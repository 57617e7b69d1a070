# SPDX-License-Identifier: Apache-2.0
"""Devices for tests on one machine: `from devicerig import Rig`."""

from .process import RigError
from .rig import Rig

__all__ = ["Rig", "RigError"]
