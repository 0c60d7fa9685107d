// SPDX-License-Identifier: Apache-2.0

// This file takes docstrings apart.

package moduledoc

import (
	"slices"
	"strings"
)

// Parse reads a docstring: paragraphs, then the sections "Args:" with a line "name: text" for each argument,
// "Returns:" and "Example:". The name of the function is left open.
func Parse(doc string) Function {
	var f Function
	var returns []string
	var example []string
	section := ""
	paragraphs := []string{""}
	for _, line := range strings.Split(doc, "\n") {
		bare := strings.TrimSpace(line)
		switch bare {
		case "Args:", "Returns:", "Example:":
			section = bare
			continue
		}
		switch section {
		case "":
			if bare == "" {
				paragraphs = append(paragraphs, "")
				continue
			}
			paragraphs[len(paragraphs)-1] = strings.TrimSpace(paragraphs[len(paragraphs)-1] + " " + bare)
		case "Args:":
			if name, text, found := strings.Cut(bare, ": "); found {
				f.Arguments = append(f.Arguments, Argument{Name: name, Doc: text})
			}
		case "Returns:":
			returns = append(returns, bare)
		case "Example:":
			example = append(example, strings.TrimRight(line, " \t"))
		}
	}
	paragraphs = slices.DeleteFunc(paragraphs, func(p string) bool { return p == "" })
	if len(paragraphs) > 0 {
		f.Summary, f.Doc = paragraphs[0], strings.Join(paragraphs[1:], "\n\n")
	}
	f.Returns = strings.TrimSpace(strings.Join(returns, " "))
	f.Example = dedent(example)
	return f
}

// dedent removes the indentation that all lines with text have, and empty lines around them.
func dedent(lines []string) string {
	least := -1
	for _, line := range lines {
		if text := strings.TrimLeft(line, " "); text != "" && (least < 0 || len(line)-len(text) < least) {
			least = len(line) - len(text)
		}
	}
	for i, line := range lines {
		lines[i] = line[min(max(least, 0), len(line)):]
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
