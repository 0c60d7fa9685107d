// SPDX-License-Identifier: Apache-2.0

// Package secrecy holds the tests that look for secrets in everything that the whole program says and leaves behind: what
// each verb prints, on a real control plane where there is one, what others make the API server say, every object of the
// cluster afterwards, and every file.
package secrecy
