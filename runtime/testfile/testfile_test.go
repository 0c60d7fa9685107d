// SPDX-License-Identifier: Apache-2.0

package testfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/runtime/score"
	"github.com/harmonyscript/harmonyscript/runtime/testfile"
)

// write makes a folder of files and returns the paths of its test files.
func write(t *testing.T, files map[string]string) []string {
	t.Helper()
	folder := t.TempDir()
	var tests []string
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, builtins.TestFileSuffix) {
			tests = append(tests, path)
		}
	}
	slices.Sort(tests)
	return tests
}

func run(ctx context.Context, t *testing.T, files []string, options testfile.Options) ([]testfile.File, *testfile.Coverage, error) {
	t.Helper()
	var all []testfile.File
	coverage, err := testfile.Run(ctx, files, options, func(f testfile.File) { all = append(all, f) })
	return all, coverage, err
}

// TestExamples runs the examples of the documentation: what they expect is so.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, s := range builtins.Signatures() {
		if !s.TestOnly {
			continue
		}
		files := write(t, map[string]string{"example_test.star": s.Example, "monitoring.star": "deploy(monitoring_stack(V2_CRD))"})
		all, _, err := run(t.Context(), t, files, testfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if passed, failed := all[0].Count(); passed == 0 || failed > 0 || all[0].Wrong() {
			t.Errorf("%s: got %d passed, %d failed:\n%v\n%s", s.Name, passed, failed, all[0].Tests, all[0].Problems.Render(all[0].Sources, diag.Style{}))
		}
	}
}

// TestOrder runs many files at a time: they are reported in their order, and the tests of each in the order of their
// places, whatever ends first.
func TestOrder(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprintf("f%02d_test.star", i)] = fmt.Sprintf(`
def test_b():
    for i in range(%d):
        pass

def test_a():
    assert_eq(1, 2)
    assert_eq(2, 3)

test_alert([], expect = [], name = "last")
assert_true(True)
`, (20-i)*2000)
	}
	paths := write(t, files)
	all, _, err := run(t.Context(), t, paths, testfile.Options{Parallel: 8})
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range all {
		var names []string
		for _, one := range f.Tests {
			names = append(names, one.Name+" "+string(one.Verdict))
		}
		if want := []string{"top level passed", "test_b passed", "test_a failed", "last passed"}; f.Path != paths[i] || !slices.Equal(names, want) {
			t.Errorf("%s: got %q, want %q", f.Path, names, want)
		}
		if len(f.Tests[2].Failures) != 2 {
			t.Errorf("got %v, want both failures", f.Tests[2].Failures)
		}
	}
}

func TestOnly(t *testing.T) {
	t.Parallel()
	files := write(t, map[string]string{"x_test.star": `
def test_a():
    assert_eq(1, 1)

def test_b():
    fail("not to be run")

test_alert([], expect = ["Nothing"])
assert_true(False)
`})
	all, _, err := run(t.Context(), t, files, testfile.Options{Only: regexp.MustCompile(`x_test.star: test_a$`)})
	if err != nil || len(all[0].Tests) != 1 || all[0].Tests[0].Name != "test_a" || all[0].Tests[0].Verdict != testfile.Passed {
		t.Errorf("got %+v, %v, want test_a alone", all[0].Tests, err)
	}
}

// TestInterrupted ends a run while a test is under way: the test has no verdict, and no other is begun.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	files := write(t, map[string]string{"a_test.star": `
def test_done():
    assert_eq(1, 1)

def test_endless():
    print("begun")
    for i in range(1 << 40):
        pass

def test_never():
    fail("not to be run")
`, "b_test.star": `print("second")`})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var second atomic.Bool
	print := func(_ score.Position, text string) {
		if text == "second" {
			second.Store(true)
		}
		cancel()
	}
	all, _, err := run(ctx, t, files, testfile.Options{Parallel: 1, Print: print, Limits: host.Limits{Steps: 1 << 60, Time: time.Hour}})
	if !errors.Is(err, context.Canceled) || len(all) != 1 || !all[0].Interrupted || len(all[0].Tests) != 1 || second.Load() {
		t.Errorf("got %+v, %v, want one file with one test", all, err)
	}
}

// TestLimits has an evaluation that would take for ever.
func TestLimits(t *testing.T) {
	t.Parallel()
	files := write(t, map[string]string{"x_test.star": `
rules = alert_rule_group(name = "g", rules = [alert_rule(alert = "A", expr = "count_over_time(up[10m:1ms]) > 0")])
def test_long():
    test_alert(rules, series = {"up": "1x100000"}, interval = "1s", at = "100000s", expect = [])

def test_short():
    assert_true(True)
`})
	all, _, err := run(t.Context(), t, files, testfile.Options{Limits: host.Limits{Time: 300 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	if f := all[0]; len(f.Tests) != 2 || f.Tests[0].Verdict != testfile.Failed || f.Tests[1].Verdict != testfile.Passed {
		t.Errorf("got %+v, want that the first fails", f.Tests)
	}
}

// TestCoverage reaches one of two rules in each of two files.
func TestCoverage(t *testing.T) {
	t.Parallel()
	test := "load('s.star', 'stack', 'chat')\ntest_alert(stack, series = {'up': '%s'}, expect = ['%s'])\n"
	files := write(t, map[string]string{
		"s.star": `
chat = webhook(name = "chat", url = secret(env = "URL"))
rules = [alert_rule(alert = name, expr = "up == %d" % value) for name, value in [("Down", 0), ("Up", 1), ("Odd", 3)]]
stack = monitoring_stack(V2_CRD, alert_channels = [chat], alert_rules = [alert_rule_group(name = "g", rules = rules)])
`,
		"a_test.star": fmt.Sprintf(test, "0", "Down"), "b_test.star": fmt.Sprintf(test, "1", "Up") + "test_route(stack, labels = {}, expect = [chat])",
	})
	_, coverage, err := run(t.Context(), t, files, testfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, item := range coverage.Items() {
		if !item.Reached {
			missing = append(missing, item.Kind+" "+item.Name)
		}
	}
	rules, rulesReached, channels, channelsReached := coverage.Count()
	if rules != 3 || rulesReached != 2 || channels != 1 || channelsReached != 1 || !slices.Equal(missing, []string{"alert Odd"}) {
		t.Errorf("got %d of %d rules, %d of %d channels, without %v", rulesReached, rules, channelsReached, channels, missing)
	}
}
