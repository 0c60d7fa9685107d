// SPDX-License-Identifier: Apache-2.0

// This file holds the text of the files of a run, with what must not be shown masked.

package host

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/harmonyscript/harmonyscript/runtime/diag"
	"github.com/harmonyscript/harmonyscript/runtime/score"
)

// Source is one resolved file, as Options.Inspect sees it before it runs.
type Source struct {
	// Name is the file as positions name it.
	Name string
	// File is the resolved syntax tree. It is read-only, and has calls of the host's own in it whose function is
	// an identifier that starts with "$".
	File *syntax.File
	// Entry reports whether this is the script that was asked for, not a module that it loads.
	Entry bool

	builtin func(*syntax.Ident) bool
	texts   *texts
}

// Builtin reports whether ident means the predeclared name that it spells, rather than something of the
// script's own that shadows it.
func (s Source) Builtin(ident *syntax.Ident) bool { return s.builtin(ident) }

// Mask keeps text, which may be a secret, out of every rendered source line.
func (s Source) Mask(text string) { s.texts.mask(text) }

// predeclaredIn returns a Source.Builtin for a file that was resolved against predeclared names.
func predeclaredIn(names starlark.StringDict) func(*syntax.Ident) bool {
	return func(ident *syntax.Ident) bool {
		binding, ok := ident.Binding.(*resolve.Binding)
		return ok && binding.Scope == resolve.Predeclared && names.Has(ident.Name)
	}
}

// texts are the source texts of a run. Reading them is safe while the run goes on.
type texts struct {
	mutex sync.Mutex
	files map[string]string
	masks []string
}

func newTexts() *texts { return &texts{files: map[string]string{}} }

func (t *texts) add(name, text string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.files[name] = text
}

// mask hides text from now on, unless it is so short that hiding it would hide half the script.
func (t *texts) mask(text string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if utf8.RuneCountInString(text) >= shortestMasked && !slices.Contains(t.masks, text) {
		t.masks = append(t.masks, text)
	}
}

// shortestMasked is the length of the shortest text that is masked. No webhook address and no sound password is
// shorter.
const shortestMasked = 4

// source is a diag.Sources.
func (t *texts) source(name string) (string, bool) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	text, ok := t.files[name]
	if !ok {
		return "", false
	}
	return diag.Mask(text, t.masks), true
}

func (t *texts) names() []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	names := make([]string, 0, len(t.files))
	for name := range t.files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// position converts a place of the interpreter.
func position(p syntax.Position) score.Position {
	return score.Position{File: p.Filename(), Line: int(p.Line), Column: int(p.Col)}
}

// entirely is the position of what concerns a whole file.
func entirely(file string) score.Position { return score.Position{File: file} }

// length returns how many code points n has when it is on one line, otherwise 0.
func length(n syntax.Node) int {
	start, end := n.Span()
	if start.Line != end.Line || end.Col <= start.Col {
		return 0
	}
	return int(end.Col - start.Col)
}

// normalized returns text with line breaks as the scanner sees them, so that line numbers agree.
func normalized(text string) string {
	if !strings.ContainsRune(text, '\r') {
		return text
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
}
