// SPDX-License-Identifier: Apache-2.0

package cluster

import "testing"

func TestWithoutUser(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://user:secret@host:1/a@1.2.3":              "https://host:1/a@1.2.3",
		`got "https://user:sec@ret@host", and http://x@y`: `got "https://host", and http://y`,
		"invalid http://user:secret@[::1":                 "invalid http://[::1",
		"https://host/a?mail=a@b":                         "https://host/a?mail=a@b",
		"nothing at all":                                  "nothing at all",
	} {
		if got := WithoutUser(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
