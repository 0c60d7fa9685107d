// SPDX-License-Identifier: Apache-2.0

// This file finds what could stand at the cursor: names, fields and methods, argument names and values, paths.

package repl

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/harmonyscript/harmonyscript/builtins"
)

// candidate is one thing that could stand at the cursor.
type candidate struct {
	// text takes the place of completion.word.
	text string
	// doc is one line about it.
	doc string
	// group is the heading under which it is listed.
	group string
}

// completion is what could stand at the cursor.
type completion struct {
	// word is the text in front of the cursor that a candidate takes the place of.
	word string
	// candidates all start with word. They are in the order in which they are to be shown.
	candidates []candidate
}

// completer finds completions. It evaluates nothing: of the text it only follows names, fields and calls, whose
// results the signatures tell.
type completer struct {
	// functions are all functions by name, the REPL's own included.
	functions map[string]*builtins.Signature
	constants map[string]builtins.Constant
	// globals gives the names that are known at the moment.
	globals func() starlark.StringDict
	// files lists what load() could name that starts with prefix; nil means nothing.
	files func(prefix string) []string
}

func newCompleter(library *builtins.Library, own []*builtins.Signature, globals func() starlark.StringDict, files func(string) []string) *completer {
	c := &completer{functions: map[string]*builtins.Signature{}, constants: map[string]builtins.Constant{}, globals: globals, files: files}
	for _, s := range slices.Concat(library.Signatures(), own) {
		c.functions[s.FullName()] = s
	}
	for _, constant := range library.Constants() {
		c.constants[constant.Name] = constant
	}
	return c
}

// complete returns what could stand in text at the cursor, a byte offset. Out of range it means the end.
func (c *completer) complete(text string, cursor int) completion {
	if cursor < 0 || cursor > len(text) {
		cursor = len(text)
	}
	view := &view{completer: c, globals: c.globals(), tokens: tokenize(text[:cursor], "")}
	if n := len(view.tokens); n > 0 {
		last := view.tokens[n-1]
		switch {
		case last.kind == tokenComment:
			return completion{}
		case last.open != "" && last.end == cursor:
			return view.inString(last)
		case last.kind == tokenWord && last.end == cursor:
			view.word, view.tokens = last.text, view.tokens[:n-1]
		}
	}
	if view.word != "" {
		if first, _ := utf8.DecodeRuneInString(view.word); first >= '0' && first <= '9' {
			return completion{}
		}
	}
	if n := len(view.tokens); n > 0 && view.tokens[n-1].is(".") {
		return view.finish(view.attributes(n - 2))
	}
	if view.word == "" && len(openBrackets(view.tokens)) == 0 && atIndent(text[:cursor]) {
		return completion{candidates: []candidate{{text: indentation, group: "indentation"}}}
	}
	call := view.enclosingCall(text[cursor:])
	switch {
	case call == nil:
		return view.finish(view.names())
	case call.argument != "":
		return view.finish(view.values(call))
	case view.word == "":
		// What a call can take is the answer; all names of the language would bury it.
		if offered := call.argumentNames(); len(offered) > 0 {
			return view.finish(offered)
		}
	}
	return view.finish(append(call.argumentNames(), view.names()...))
}

// indentation is what Tab inserts at the start of a line inside a block.
const indentation = "    "

// atIndent reports whether the cursor is in the indentation of a line that is not the first.
func atIndent(before string) bool {
	newline := strings.LastIndexByte(before, '\n')
	return newline >= 0 && strings.TrimLeft(before[newline+1:], " \t") == ""
}

// view is the text in front of the cursor while one completion is looked for.
type view struct {
	*completer
	globals starlark.StringDict
	// tokens in front of word.
	tokens []token
	// word is the part of a name that is there already.
	word string
}

// finish keeps what starts with the word, each text once.
func (v *view) finish(found []candidate) completion {
	return filter(v.word, found)
}

func filter(word string, found []candidate) completion {
	result := completion{word: word}
	seen := map[string]bool{}
	for _, f := range found {
		if strings.HasPrefix(f.text, word) && !seen[f.text] {
			seen[f.text] = true
			result.candidates = append(result.candidates, f)
		}
	}
	return result
}

// inString completes inside the string literal that is not closed: paths for load(), one of the words that the
// argument takes, or a name for help().
func (v *view) inString(literal token) completion {
	v.tokens = v.tokens[:len(v.tokens)-1]
	body := strings.TrimPrefix(literal.text, literal.open)
	call := v.enclosingCall("")
	if call == nil || len(literal.open) > 1 {
		return completion{}
	}
	var found []candidate
	switch {
	case call.name == "load" && call.position == 0 && v.files != nil:
		for _, path := range v.files(body) {
			if !strings.HasSuffix(path, "/") {
				path += literal.open
			}
			found = append(found, candidate{text: path, group: "files"})
		}
	case call.name == helpName:
		for name, s := range v.functions {
			found = append(found, candidate{text: name + literal.open, doc: s.Summary, group: groupFunctions})
		}
		slices.SortFunc(found, byText)
	default:
		for _, value := range call.current().Values {
			found = append(found, candidate{text: value + literal.open, group: "values"})
		}
	}
	return filter(body, found)
}

func byText(a, b candidate) int { return strings.Compare(a.text, b.text) }
