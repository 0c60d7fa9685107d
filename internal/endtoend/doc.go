// SPDX-License-Identifier: Apache-2.0

// Package endtoend holds the tests that go all the way: from a script to a notification that a receiver got,
// through the real operator and a real Alertmanager.
package endtoend
