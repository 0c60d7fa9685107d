// SPDX-License-Identifier: Apache-2.0

// Package builtins is the surface of the language: the constructors, their arguments and their documentation.
//
// One table, the Signatures of a Library, is the source of everything: the checking of arguments when a script
// runs, the static pass that finds wrong calls in code that was not reached, the text of `doc` and of help(x),
// and completion. A constructor is one Signature: names, types and documentation of its arguments, and a Build
// function that makes the Go value of package score out of them.
//
// All values have one Starlark type, Value: it prints as the call that makes it, compares and hashes by its
// arguments without regard to positions, and is immutable from birth, since arguments are copied in.
package builtins
