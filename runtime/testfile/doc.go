// SPDX-License-Identifier: Apache-2.0

// Package testfile runs test files: scripts called *_test.star that test the rules, routes and values of other scripts.
//
// A file is run as a script that has the functions of builtins' Tester besides. Every test_alert, test_expr and
// test_route at its top level is a test; so is every function called test_… without parameters, with all that it
// calls; and so are, together, the assertions at the top level. What fails is collected as diagnostics at the place of
// the call, and the file goes on.
package testfile
