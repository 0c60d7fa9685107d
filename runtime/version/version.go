// SPDX-License-Identifier: Apache-2.0

// Package version tells which version of harmonyscript this is.
package version

// version is set when the program is linked (see the Makefile).
var version = "development"

// String returns the version: a tag, a commit, or "development" when it was built without the Makefile.
func String() string { return version }
