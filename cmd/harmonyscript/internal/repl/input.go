// SPDX-License-Identifier: Apache-2.0

// This file reads the input: with the line editor on a terminal, line by line elsewhere.

package repl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/reeflective/readline"
	"golang.org/x/term"

	"github.com/harmonyscript/harmonyscript/runtime/host"
)

// errCleared says that the user has thrown the line away.
var errCleared = errors.New("repl: line cleared")

// SessionName is what positions call the chunks of a session.
const SessionName = "<repl>"

const (
	primaryPrompt   = ">>> "
	secondaryPrompt = "... "
)

// input returns the next chunk, io.EOF at the end, or errCleared.
type input func(context.Context) (string, error)

// plainInput reads chunks from a stream.
func (s *shell) plainInput() input {
	source := newChunks(s.options.In)
	return func(ctx context.Context) (string, error) { return await(ctx, source.next) }
}

// await calls read and gives up waiting for it when ctx ends.
func await(ctx context.Context, read func() (string, error)) (string, error) {
	type line struct {
		text string
		err  error
	}
	lines := make(chan line, 1)
	go func() {
		defer func() {
			// A defect of the line editor costs the line, not the session.
			if cause := recover(); cause != nil {
				lines <- line{err: fmt.Errorf("%w: the line editor failed: %v", errCleared, cause)}
			}
		}()
		text, err := read()
		lines <- line{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case l := <-lines:
		return l.text, l.err
	}
}

// editor reads chunks with the line editor, which works on the process's standard input and output.
func (s *shell) editor() input {
	editor := readline.NewShell()
	editor.Prompt.Primary(func() string { return primaryPrompt })
	editor.Prompt.Secondary(func() string { return secondaryPrompt })
	editor.History.Add("history", s.history)
	editor.AcceptMultiline = func(line []rune) bool { return complete(string(line)) }
	editor.Completer = func(line []rune, cursor int) readline.Completions {
		return offered(s.completer, line, cursor)
	}
	// As other line editors do: the first Tab inserts what all candidates have in common and lists them.
	_ = editor.Config.Set("menu-complete-display-prefix", true)
	return func(ctx context.Context) (string, error) {
		descriptor := int(os.Stdin.Fd())
		before, err := term.GetState(descriptor)
		if err != nil {
			return "", fmt.Errorf("repl: terminal: %w", err)
		}
		text, err := await(ctx, editor.Readline)
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			return "", errCleared
		case errors.Is(err, errCleared), ctx.Err() != nil:
			// The editor did not get to put the terminal back.
			fmt.Fprintln(s.options.Err)
			if err := term.Restore(descriptor, before); err != nil {
				return "", fmt.Errorf("repl: terminal: %w", err)
			}
			if errors.Is(err, errCleared) {
				s.warn(err)
			}
		}
		return text, err
	}
}

// complete reports whether text can be run as it is. A blank line ends a block.
func complete(text string) bool {
	if strings.HasPrefix(strings.TrimSpace(text), ":") {
		return true
	}
	lines := strings.Split(text, "\n")
	lines[len(lines)-1] = strings.TrimRight(lines[len(lines)-1], " \t")
	return !host.Incomplete(strings.Join(lines, "\n") + "\n")
}

// offered makes completions of the line editor out of ours.
func offered(c *completer, line []rune, cursor int) readline.Completions {
	cursor = min(max(cursor, 0), len(line))
	before := string(line[:cursor])
	found := c.complete(string(line), len(before))
	// The editor wants to be told what a candidate takes the place of, and takes an empty answer for "find out by
	// yourself", which it does by blanks. So the character in front of the word is part of it.
	lead := ""
	if rest := strings.TrimSuffix(before, found.word); rest != "" {
		_, size := utf8.DecodeLastRuneInString(rest)
		lead = rest[len(rest)-size:]
	}
	prefix := lead + found.word
	for _, r := range prefix {
		if r >= utf8.RuneSelf {
			// The editor counts such characters wrongly.
			return readline.Completions{}
		}
	}
	values := make([]readline.Completion, 0, len(found.candidates))
	for _, f := range found.candidates {
		values = append(values, readline.Completion{Value: lead + f.text, Display: f.text, Description: f.doc, Tag: f.group})
	}
	completions := readline.CompleteRaw(values).NoSort().ListSeparator("  ").DisplayList()
	completions.PREFIX = prefix
	return completions
}
