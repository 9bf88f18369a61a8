# SPDX-License-Identifier: Apache-2.0
import pytest

from toolchain import Toolchain


@pytest.fixture(scope="session")
def partc(tmp_path_factory):
    return Toolchain(tmp_path_factory.mktemp("partc"))
