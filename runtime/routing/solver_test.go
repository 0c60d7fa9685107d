// SPDX-License-Identifier: Apache-2.0

package routing_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/prometheus/alertmanager/pkg/labels"

	"github.com/harmonyscript/harmonyscript/runtime/routing"
)

func TestSolveOneLabel(t *testing.T) {
	for text, want := range map[string]routing.Verdict{
		`{a="x",a="y"}`:                         routing.No,
		`{a="x",a=~"x|y"}`:                      routing.Yes,
		`{a=~"x|y",a!="x",a!="y"}`:              routing.No,
		`{a=~"x|y",a!="x"}`:                     routing.Yes,
		`{a=~"x.*",a=~".*y",a!~"x.+y"}`:         routing.Yes,
		`{a=~"x.*",a=~".*y",a!~"x.*y"}`:         routing.No,
		`{a=~".*",a!~".*"}`:                     routing.No,
		`{a!~".*"}`:                             routing.Yes, // a value with a line break
		`{a!~"(?s).*"}`:                         routing.No,
		`{a=~".+",a=""}`:                        routing.No,
		`{a!="",a!~".+"}`:                       routing.Yes, // again
		`{a!="",a!~"(?s:.+)"}`:                  routing.No,
		`{a=~"(?i)critical",a!="critical"}`:     routing.Yes,
		`{a=~"(?i)k",a!="k",a!="K"}`:            routing.Yes, // the Kelvin sign
		`{a=~"(?i)x",a!="x",a!="X"}`:            routing.No,
		`{a=~"[0-9]+",a!~"\\d+"}`:               routing.No,
		`{a=~"x^y"}`:                            routing.No,
		`{a=~"x$"}`:                             routing.Yes,
		`{a=~"x\\by"}`:                          routing.No,
		`{a=~"x\\B.",a!~"x\\w"}`:                routing.No,
		`{a=~"\\p{L}+",a!~"[a-zA-Z]+"}`:         routing.Yes,
		`{a=~"a{3}",a!="aaa"}`:                  routing.No,
		`{a=~"(ab|cd){1,2}",a!~"(ab|cd)(ab)?"}`: routing.Yes,
		`{a!="other",a!="",a!="another"}`:       routing.Yes,
		`{a=~"日本|東京",a!="日本",a!="東京"}`:          routing.No,
	} {
		matchers, err := routing.ParseMatchers([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		var f routing.Formula
		f.Match(matchers)
		witness, got := new(routing.Solver).Solve(f)
		if got != want {
			t.Errorf("%s: got %v with %q, want %v", text, got, witness, want)
		}
		if got == routing.Yes && !matchers.Matches(nil) && witness["a"] == "" {
			t.Errorf("%s: got no witness", text)
		}
	}
}

func TestSolveAlternatives(t *testing.T) {
	parse := func(text string) labels.Matchers {
		m, err := routing.ParseMatchers([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for name, test := range map[string]struct {
		match  string
		refuse []string
		want   routing.Verdict
	}{
		"covered by one":     {`{a="x",b="y"}`, []string{`a="x"`}, routing.No},
		"covered by two":     {`{a=~"x|y"}`, []string{`a="x"`, `a="y"`}, routing.No},
		"almost covered":     {`{a=~"x|y|z"}`, []string{`a="x"`, `{a="y"}`}, routing.Yes},
		"one label is left":  {`{a="x"}`, []string{`{a="x",b="y"}`}, routing.Yes},
		"covered in a cross": {`{a="x"}`, []string{`{a="x",b="y"}`, `b!="y"`}, routing.No},
		"nothing passes":     {`a="x"`, []string{`{}`}, routing.No},
	} {
		var f routing.Formula
		f.Match(parse(test.match))
		for _, r := range test.refuse {
			f.Refuse(parse(r))
		}
		if witness, got := new(routing.Solver).Solve(f); got != test.want {
			t.Errorf("%s: got %v with %v, want %v", name, got, witness, test.want)
		}
	}
}

// TestSolveGivesUp keeps the work within bounds, and says then that it does not know.
func TestSolveGivesUp(t *testing.T) {
	for _, texts := range [][]string{
		{`{a=~"(.*a.{40}){3}",a!~"(.*b.{40}.*|.*c.{39}.*)",a=~".*x.*"}`},
		{`{a=~"` + strings.Repeat(`\\p{L}`, 100) + `"}`},
		{`{a=~"` + strings.Repeat("(a|b){50}", 40) + `x",a!~"` + strings.Repeat("(a|b){50}", 40) + `x"}`},
	} {
		matchers, err := routing.ParseMatchers(texts)
		if err != nil {
			t.Fatal(err)
		}
		var f routing.Formula
		f.Match(matchers)
		if witness, got := new(routing.Solver).Solve(f); got == routing.No {
			t.Errorf("%s: got no with %v, want yes or unknown", texts, witness)
		}
	}
}

// FuzzSolve looks for values that contradict the answers about two expressions on one label.
func FuzzSolve(f *testing.F) {
	for _, e := range expressions {
		f.Add(e, "critical", uint8(2), uint8(3), "critical")
	}
	f.Add("a|b", "(a)b*", uint8(2), uint8(1), "ab\n")
	f.Fuzz(func(t *testing.T, one, two string, typeOne, typeTwo uint8, sample string) {
		var matchers labels.Matchers
		for i, text := range []string{one, two} {
			if len(text) > 60 {
				return
			}
			m, err := labels.NewMatcher(labels.MatchType([]uint8{typeOne, typeTwo}[i]%4), "a", text)
			if err != nil {
				return
			}
			matchers = append(matchers, m)
		}
		var formula routing.Formula
		formula.Match(matchers)
		witness, verdict := new(routing.Solver).Solve(formula)
		fits := func(value string) bool {
			return matchers[0].Matches(value) && matchers[1].Matches(value)
		}
		if verdict == routing.Yes && !fits(witness["a"]) {
			t.Fatalf("%s: the proof %q does not fit", matchers, witness["a"])
		}
		if verdict != routing.No {
			return
		}
		random := rand.New(rand.NewSource(int64(len(sample))))
		for _, word := range append(strings.Fields(sample), "", sample, one, two, one+two, strings.ToLower(one), "\n", "0") {
			mixed := []rune(word)
			random.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
			for _, value := range []string{word, string(mixed)} {
				// Label values are valid UTF-8.
				if value = strings.ToValidUTF8(value, ""); fits(value) {
					t.Fatalf("%s: %q fits, which was said to be impossible", matchers, value)
				}
			}
		}
	})
}
