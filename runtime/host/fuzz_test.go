// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// FuzzScript runs any text as a script. Whatever it is, it must end without a panic, and every diagnostic must have
// a place in a file that was read, and a summary of one line.
func FuzzScript(f *testing.F) {
	for _, s := range builtins.Signatures() {
		f.Add(s.Example)
	}
	for _, text := range []string{
		"", "x = 1", "def f(): return f()\nf()", "load('x.star', 'y')", `load("@stdlib//alerts/general.star", "watchdog")`, "for i in range(10):\n  print(i)\n",
		"discord(name=1, webhok_url='https://x')", "fail('a\\nb')", "\x00", "\xff", "x = '''a\r\nb'''.join(1)", "tenant('a').replace(name='b').nope", "param('x', [1])",
		"deploy(*[tenant(n) for n in 'abc'.elems()])", "secret(**{'env': 'X', 'file': 'y'})", "x = {}\nx[x] = 1", "f\"x\"", "a = b = c", "struct(x=[1]).x.append(2)", "'%s' % ()",
	} {
		f.Add(text)
	}
	limits := host.Limits{Steps: 20_000, Time: 5 * time.Second, Elements: 10_000, Memory: 64 << 20}
	f.Fuzz(func(t *testing.T, text string) {
		h := builtins.Standard().Host(host.Options{Stdlib: stdlib.Files(), Limits: limits})
		result, problems := h.RunSource(context.Background(), "fuzz.star", text)
		for _, d := range problems {
			if d.Code == "internal-error" || d.Code == "time-limit" {
				t.Errorf("got %v", d)
			}
			if d.Summary == "" || strings.Contains(d.Summary, "\n") {
				t.Errorf("got summary %q", d.Summary)
			}
			if source, ok := result.Sources(d.Position.File); !ok || d.Position.Line > strings.Count(source, "\n")+1 {
				t.Errorf("got no place: %v", d)
			}
			_ = d.Render(result.Sources, diag.Style{})
		}
		if len(problems) > 0 != (result.Stop != host.StopNone) {
			t.Errorf("got stop %q and %d problems", result.Stop, len(problems))
		}
		_ = host.Incomplete(text)
		session := h.NewSession("<repl>")
		for range 2 {
			_, problems := session.Run(context.Background(), text)
			_ = problems.Render(session.Sources, diag.Style{})
		}
	})
}
