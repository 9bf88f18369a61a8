#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The version of the hypervisor's source: the tag, or the commit, that it comes
# from; -dirty if what an image is made of is not as it was then. Nothing where
# this is no clone of its own.
[ -e .git ] || exit 0
version=$(git describe --tags --always --abbrev=12 2>/dev/null) || exit 0
git diff --quiet HEAD -- Kconfig Makefile boot compiler configs hv tools \
	2>/dev/null || version=$version-dirty
echo "$version"
