// SPDX-License-Identifier: Apache-2.0

package diag

import "testing"

func TestMask(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		hidden []string
		want   string
	}{
		{`x = "abcd"`, nil, `x = "abcd"`},
		{`x = "abcd"`, []string{"abcd"}, `x = "****"`},
		{`x = "äöüß", y`, []string{"äöüß"}, `x = "****", y`}, // as many code points: carets still fit
		{"x = \"ab\ncd\"; ab\ncd", []string{"ab\ncd"}, "x = \"**\n**\"; **\n**"},
		{"abcd efgh", []string{"efgh", "none", "abcd"}, "**** ****"},
		{"abcd", []string{""}, "abcd"},
	} {
		if got := Mask(test.text, test.hidden); got != test.want {
			t.Errorf("%q without %q: got %q, want %q", test.text, test.hidden, got, test.want)
		}
	}
}
