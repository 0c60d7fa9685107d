// SPDX-License-Identifier: Apache-2.0

package builtins_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/host"
	"github.com/harmonyscript/harmonyscript/stdlib"
)

// expectation is a comment `### code: regular expression` in a chunk: a diagnostic of that code, whose summary
// matches, must be at that line. Several stand one after the other.
var expectation = regexp.MustCompile(`### ([a-z-]+): (.*?)\s*(###|$)`)

// TestChunks runs the files in testdata. A file is made of chunks, separated by lines of dashes, that are scripts of
// their own. eq(a, b) in them fails the test unless both are equal.
func TestChunks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.star")
	if err != nil || len(files) == 0 {
		t.Fatalf("no chunk files: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 0
		for i, chunk := range strings.Split(string(content), "\n---\n") {
			// Line numbers are kept, so that a failure can be found.
			text := strings.Repeat("\n", line) + chunk
			line += strings.Count(chunk, "\n") + 2
			t.Run(fmt.Sprintf("%s/%d", filepath.Base(file), i+1), func(t *testing.T) {
				t.Parallel()
				runChunk(t, file, text)
			})
		}
	}
}

func runChunk(t *testing.T, file, text string) {
	t.Helper()
	eq := starlark.NewBuiltin("eq", func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		var got, want starlark.Value
		if err := starlark.UnpackArgs("eq", args, kwargs, "got", &got, "want", &want); err != nil {
			return nil, err
		}
		if same, err := starlark.Equal(got, want); err != nil || !same {
			t.Errorf("%s: got %v, want %v (%v)", host.FromThread(thread).Position(), got, want, err)
		}
		return starlark.None, nil
	})
	h := builtins.Standard().Host(host.Options{
		Predeclared: starlark.StringDict{"eq": eq}, Stdlib: stdlib.Files(), Limits: host.Limits{Steps: 1_000_000, Elements: 10_000},
	})
	result, problems := h.RunSource(context.Background(), file, text)
	checkExpectations(t, text, result, problems)
}

func checkExpectations(t *testing.T, text string, result host.Result, problems diag.List) {
	t.Helper()
	left := append(diag.List(nil), problems...)
	for number, line := range strings.Split(text, "\n") {
		for rest := line; ; {
			match := expectation.FindStringSubmatch(rest)
			if match == nil {
				break
			}
			_, rest, _ = strings.Cut(rest, match[1]+": "+match[2])
			found := -1
			for i, d := range left {
				if at(d, number+1) && d.Code == match[1] && regexp.MustCompile(match[2]).MatchString(d.Summary) {
					found = i
					break
				}
			}
			if found < 0 {
				t.Errorf("line %d: want a diagnostic %s: %s", number+1, match[1], match[2])
				continue
			}
			left = append(left[:found], left[found+1:]...)
		}
	}
	for _, d := range left {
		t.Errorf("unexpected:\n%s", d.Render(result.Sources, diag.Style{}))
	}
}

// at reports whether d is at a line of the chunk, or in a module that was called from there.
func at(d diag.Diagnostic, line int) bool {
	if !strings.HasPrefix(d.Position.File, "@") {
		return d.Position.Line == line
	}
	return len(d.Related) > 0 && d.Related[len(d.Related)-1].Position.Line == line
}
