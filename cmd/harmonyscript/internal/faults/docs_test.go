// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const table = "../../../../docs/faults.md"

// link matches a link of the table: a name, and the file in which it is proven.
var link = regexp.MustCompile(`\[(\w+)\]\(([^)]+)\)`)

// TestEveryRowIsProven wants every row of docs/faults.md to name tests that exist, and every test of this package to be named.
func TestEveryRowIsProven(t *testing.T) {
	content, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	rows := 0
	for n, line := range strings.Split(string(content), "\n") {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| fault |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Errorf("docs/faults.md:%d: got %d cells, want 4", n+1, len(cells))
			continue
		}
		links := link.FindAllStringSubmatch(cells[3], -1)
		if len(links) == 0 {
			t.Errorf("docs/faults.md:%d: got no test, want one that proves it", n+1)
		}
		for _, l := range links {
			named[l[1]] = true
			if problem := missing(l[1], filepath.Join(filepath.Dir(table), l[2])); problem != "" {
				t.Errorf("docs/faults.md:%d: %s", n+1, problem)
			}
		}
	}
	if rows < 25 {
		t.Errorf("got %d rows, want all of the table", rows)
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, function := range regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`).FindAllStringSubmatch(string(source), -1) {
			if name := function[1]; !named[name] && name != "TestEveryRowIsProven" && name != "TestMissingIsNoticed" {
				t.Errorf("%s: %s is in no row of docs/faults.md", file, name)
			}
		}
	}
}

// missing says what is wrong with a link, or "".
func missing(name, path string) string {
	content, err := os.ReadFile(path)
	switch {
	case err != nil:
		return err.Error()
	case strings.HasSuffix(path, ".txtar"):
		if filepath.Base(path) != name+".txtar" {
			return "got the suite " + name + " linked to " + path
		}
	case !strings.Contains(string(content), "\nfunc "+name+"(t *testing.T) {"):
		return "got no test " + name + " in " + path
	}
	return ""
}

// TestMissingIsNoticed makes sure that the test above can fail.
func TestMissingIsNoticed(t *testing.T) {
	for name, path := range map[string]string{"TestNoSuch": "docs_test.go", "TestMissingIsNoticed": "no_such_test.go", "apply_other": "../../../../testdata/script/sandbox/apply_killed.txtar"} {
		if missing(name, path) == "" {
			t.Errorf("%s in %s was not missed", name, path)
		}
	}
}
