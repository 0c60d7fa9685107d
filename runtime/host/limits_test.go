// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// TestHugeLists makes lists of 50 MB and more in the ways that a script has. Each must end soon, with the list or
// with a diagnostic.
func TestHugeLists(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		codes string // allowed; empty is success
	}{
		"repetition":          {"x = [0] * (50 << 20)", "too-many-elements"},
		"range":               {"x = [i for i in range(50 << 20)]", "too-many-elements"},
		"50 MB, kept":         {"def f():\n  l = []\n  for i in range(4):\n    for j in range(800000):\n      l.append(j)\n  return l\nx = f()", ""},
		"doubling":            {"def f():\n  l = [1]\n  for i in range(40):\n    l = l + l\n  return l\nx = f()", "too-many-elements"},
		"doubling in place":   {"def f():\n  l = [1]\n  for i in range(40):\n    l += l\n  return l\nx = f()", "too-many-elements"},
		"doubling of a text":  {"def f():\n  s = 'x'\n  for i in range(40):\n    s = s + s\n  return s\nx = f()", "too-many-elements"},
		"doubling by extend":  {"def f():\n  l = [1]\n  for i in range(40):\n    l.extend(l)\n  return l\nx = f()", "too-many-elements"},
		"doubling of a field": {"def f():\n  d = {'l': [1]}\n  for i in range(40):\n    d['l'] += d['l']\n  return d\nx = f()", "too-many-elements"},
		"appending":           {"def f():\n  l = []\n  for i in range(1000):\n    for j in range(1000000):\n      l.append(j)\n  return l\nx = f()", "memory-limit step-limit"},
		"a deep list":         {"def f():\n  l = []\n  for i in range(1000000):\n    l = [l]\n  return l\nx = f()", "too-many-elements"},
		"a deep tuple":        {"def f():\n  l = ()\n  for i in range(1000000):\n    l = (l,)\n  return l\nx = [f()]", "too-many-elements"},
		"a deep list, shown":  {"def f():\n  l = []\n  for i in range(1000000):\n    l = [l]\n  return str(l)\nx = f()", "too-many-elements"},
		"a deeper list":       {"def f():\n  l = []\n  for i in range(100):\n    for j in range(1000000):\n      l = [l]\n  return l\nx = f()", "memory-limit step-limit"},
		"a closure over it":   {"def f():\n  l = []\n  for i in range(500000):\n    l = [l]\n  return lambda: l\nx = f()", "too-many-elements"},
		"a deep key":          {"def f():\n  l = ()\n  for i in range(1000000):\n    l = (l,)\n  return {l: 1}\nx = f()", "too-many-elements"},
	} {
		t.Run(name, func(t *testing.T) {
			var limits host.Limits
			if strings.Contains(test.codes, "memory-limit") {
				limits.Memory = 64 << 20 // to be kind to the machine
				limits.Time = time.Hour  // the limit of memory must do it, however busy the machine is
			}
			_, problems := host.New(host.Options{Limits: limits}).RunSource(context.Background(), "x.star", test.text)
			code := ""
			if len(problems) > 0 {
				code = problems[0].Code
			}
			if len(problems) > 1 || !strings.Contains(test.codes, code) || (code == "") != (test.codes == "") {
				t.Errorf("got %v, want %q", problems, test.codes)
			}
		})
	}
}

// TestDeepSyntax proves that no text exhausts the stack of the parser, the resolver or the compiler.
func TestDeepSyntax(t *testing.T) {
	// What it takes of the program's memory counts for every script that runs meanwhile: none may.
	const n = 1 << 20
	for name, text := range map[string]string{
		"brackets": "x = " + strings.Repeat("(", n/2), "signs": "x = " + strings.Repeat("-", n/2) + "1", "calls": "x = str" + strings.Repeat("()", n/2-10),
		"fields": "x = 1 " + strings.Repeat(".a", n/2-10), "sums": "x = 1" + strings.Repeat("+1", n/2-10), "products": "x = y" + strings.Repeat("*y", n/2-10), "blocks": "if 1:\n pass\n" + strings.Repeat("elif 1:pass\n", n/120),
		"indices": "x = 1" + strings.Repeat("[0]", n/3-10), "lambdas": "x = " + strings.Repeat("lambda:", n/7-10) + "1", "joins": "x = ''" + strings.Repeat(".join", n/5-10),
	} {
		_, problems := host.New(host.Options{}).RunSource(context.Background(), "x.star", text)
		if len(problems) == 0 && name != "blocks" {
			t.Errorf("%s: got no problem", name)
		}
		for _, p := range problems {
			if p.Code == "internal-error" {
				t.Errorf("%s: got %v", name, p)
			}
		}
	}
}
