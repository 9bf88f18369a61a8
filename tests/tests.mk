# SPDX-License-Identifier: Apache-2.0

.PHONY: check unit lint bench
check unit lint bench:
	@echo "$@: not yet" >&2; exit 1
