// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestBugIsNoStack makes the program panic: its user sees what to do and no Go stack, unless it is asked for.
func TestBugIsNoStack(t *testing.T) {
	for _, test := range []struct {
		debug string
		want  bool
	}{{"", false}, {"1", true}} {
		var problems bytes.Buffer
		streams := Streams{
			Err:         &problems,
			Environment: func(name string) (string, bool) { return map[string]string{debugVariable: test.debug}[name], true },
		}
		code := func() (code int) {
			defer recoverBug(streams, &code)
			panic("MARKER")
		}()
		text := problems.String()
		if code != exitFailed || !strings.Contains(text, "this is a bug of harmonyscript") {
			t.Errorf("got code %d and\n%s", code, text)
		}
		if shown := strings.Contains(text, "MARKER") && strings.Contains(text, "goroutine"); shown != test.want || strings.Contains(text, "goroutine") != test.want {
			t.Errorf("debug %q: got\n%s", test.debug, text)
		}
	}
}
