// SPDX-License-Identifier: Apache-2.0

// This file cuts a stream of lines into chunks: the statements that are run one after the other.

package repl

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// chunks reads statements from a stream that is no terminal. A simple statement ends with its line unless a
// bracket or a string is open. A block (def, for, if) ends in front of the next line that is not indented, so
// that the text of a script, empty lines inside its functions included, can be piped in as it is.
type chunks struct {
	reader *bufio.Reader
	// ahead is a line that was read to see that the chunk before it had ended.
	ahead string
	// err is what the stream ended with.
	err error
}

func newChunks(r io.Reader) *chunks { return &chunks{reader: bufio.NewReader(r)} }

// next returns the next chunk, or the error that the stream ended with (io.EOF at its end).
func (c *chunks) next() (string, error) {
	var text strings.Builder
	var state statement
	for {
		line, err := c.line()
		if err != nil {
			if text.Len() > 0 && errors.Is(err, io.EOF) {
				return text.String(), nil
			}
			return "", err
		}
		if state.ended(line) {
			c.ahead = line
			return text.String(), nil
		}
		if state.add(line); state.empty {
			continue
		}
		text.WriteString(line)
		if state.complete() {
			return text.String(), nil
		}
	}
}

func (c *chunks) line() (string, error) {
	if line := c.ahead; line != "" {
		c.ahead = ""
		return line, nil
	}
	if c.err != nil {
		return "", c.err
	}
	line, err := c.reader.ReadString('\n')
	c.err = err
	if line == "" {
		return "", err
	}
	return line, nil
}

// statement follows the lines of one statement.
type statement struct {
	// empty says that there have been only blank lines and comments so far.
	empty bool
	// block says that it is a def, for or if, which further lines may belong to.
	block     bool
	begun     bool
	depth     int
	quote     string
	backslash bool
}

// open reports whether the next line belongs to the statement whatever it is.
func (s *statement) open() bool { return s.depth > 0 || s.quote != "" || s.backslash }

// complete reports whether the statement ends with the line added last.
func (s *statement) complete() bool { return s.begun && !s.block && !s.open() }

// ended reports whether the statement has ended in front of line.
func (s *statement) ended(line string) bool {
	if !s.block || s.open() || strings.TrimSpace(line) == "" {
		return false
	}
	if line[0] == ' ' || line[0] == '\t' || line[0] == '#' {
		return false
	}
	first := tokenize(line, "")
	return len(first) == 0 || first[0].text != "else" && first[0].text != "elif"
}

// add takes the next line into the statement.
func (s *statement) add(line string) {
	comment := false
	quote := s.quote
	s.quote = ""
	for _, t := range tokenize(line, quote) {
		comment = comment || t.kind == tokenComment
		if t.kind == tokenString && t.end == len(line) {
			// A one-line string that is not closed ends with its line, in front of the newline; the parser will
			// say so. Only what reaches past the newline goes on.
			s.quote = t.open
		}
		if t.kind == tokenComment || t.kind == tokenNewline {
			continue
		}
		if !s.begun {
			s.begun = true
			s.block = t.kind == tokenWord && (t.text == "def" || t.text == "for" || t.text == "if")
		}
		switch {
		case t.is("("), t.is("["), t.is("{"):
			s.depth++
		case t.is(")"), t.is("]"), t.is("}"):
			s.depth = max(s.depth-1, 0)
		}
	}
	s.backslash = s.quote == "" && !comment && strings.HasSuffix(strings.TrimRight(line, "\r\n"), `\`)
	s.empty = !s.begun
}
