// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestIndexAgainstSearch holds the index against a plain search, over values of few letters that begin like each other.
func TestIndexAgainstSearch(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		var b strings.Builder
		for range random.IntN(most) {
			b.WriteByte("abb:/"[random.IntN(5)])
		}
		return b.String()
	}
	for range 3000 {
		var values []string
		for range random.IntN(12) {
			values = append(values, word(14))
		}
		text := word(40)
		x := newIndex(append([]string{}, values...))
		longest, begins := 0, false
		for _, v := range values {
			if len(v) >= minRedacted && strings.HasPrefix(text, v) {
				longest = max(longest, len(v))
			}
			needed := 0
			if scheme := strings.Index(v, "://"); scheme > 0 {
				needed = scheme + len("://") + minCut
			}
			begins = begins || len(text) >= max(minCut, needed) && strings.HasPrefix(v, text)
		}
		if got := x.longest(text); got != longest {
			t.Fatalf("longest of %q that %q begins with: got %d, want %d", values, text, got, longest)
		}
		if _, got := x.begins(text); got != begins {
			t.Fatalf("%q begins one of %q: got %t, want %t", text, values, got, begins)
		}
		for _, v := range values {
			if left := x.replace(text+v+text, "#"); len(v) >= minRedacted && strings.Contains(left, v) {
				t.Fatalf("%q of %q is left in %q", v, values, left)
			}
		}
	}
}
