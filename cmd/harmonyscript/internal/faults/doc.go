// SPDX-License-Identifier: Apache-2.0

// Package faults holds the tests that run the whole program against a real API server while something goes wrong:
// processes are killed after each request, connections break, servers restart, rights are missing. docs/faults.md lists
// what is promised for each fault, and which test proves it.
package faults
