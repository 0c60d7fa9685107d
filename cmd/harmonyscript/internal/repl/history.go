// SPDX-License-Identifier: Apache-2.0

// This file keeps what was typed between runs: one JSON string a line, because chunks have several lines.

package repl

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	// historySize is how many chunks are kept.
	historySize = 1000
	// historySlack is how many more may gather in the file before it is written anew.
	historySlack = 500
	// historyText is the length of the longest chunk that is kept, in bytes.
	historyText = 64 << 10
)

// HistoryFile returns where the history is kept: below XDG_STATE_HOME, else below ~/.local/state. It is empty
// when there is neither.
func HistoryFile(environment func(name string) (string, bool)) string {
	state, _ := environment("XDG_STATE_HOME")
	if !filepath.IsAbs(state) {
		// The specification says that relative paths are to be ignored.
		home, _ := environment("HOME")
		if !filepath.IsAbs(home) {
			return ""
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "harmonyscript", "history")
}

// history is what was typed, oldest first. Several programs may append to one file.
type history struct {
	path string
	// lines are what the arrow keys go through; kept are those of this run that are in the file.
	lines []string
	kept  []string
}

// openHistory reads the file at path, which need not be there. Without a path nothing is kept.
func openHistory(path string) (*history, error) {
	h := &history{path: path}
	if path == "" {
		return h, nil
	}
	lines, total, err := readHistory(path)
	if err != nil {
		return h, fmt.Errorf("history: %w", err)
	}
	h.lines = lines
	if total > historySize+historySlack {
		err = replaceHistory(path, lines)
	}
	return h, err
}

// readHistory returns the newest chunks of the file and how many lines it has.
func readHistory(path string) (lines []string, total int, err error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		var text string
		if len(bytes.TrimSpace(line)) > 0 {
			total++
			// A line that a crash or another program spoilt is left out.
			if json.Unmarshal(line, &text) == nil && text != "" {
				lines = append(lines, text)
			}
		}
		if errors.Is(err, io.EOF) {
			return lines[max(len(lines)-historySize, 0):], total, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}

// add takes text in. With keep it goes into the file, else it is forgotten when the program ends.
func (h *history) add(text string, keep bool) error {
	text = strings.TrimRight(text, "\r\n\t ")
	if text == "" || len(text) > historyText {
		return nil
	}
	repeated := len(h.lines) > 0 && h.lines[len(h.lines)-1] == text
	if !repeated {
		h.lines = append(h.lines, text)
	}
	if !keep || h.path == "" || repeated && slices.Contains(h.kept, text) {
		return nil
	}
	h.kept = append(h.kept, text)
	if err := os.MkdirAll(filepath.Dir(h.path), 0o700); err != nil {
		return fmt.Errorf("history: %w", err)
	}
	file, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	_, err = file.Write(encodeHistory([]string{text}))
	// The mode above only counts for a new file.
	err = errors.Join(err, file.Chmod(0o600), file.Close())
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

// forget takes out of the file what this run has put there and secret says yes to: a string can turn out to be a
// secret long after it was typed.
func (h *history) forget(secret func(text string) bool) error {
	gone := map[string]bool{}
	h.kept = slices.DeleteFunc(h.kept, func(text string) bool {
		if !secret(text) {
			return false
		}
		gone[text] = true
		return true
	})
	if len(gone) == 0 || h.path == "" {
		return nil
	}
	lines, _, err := readHistory(h.path)
	if err == nil {
		err = replaceHistory(h.path, slices.DeleteFunc(lines, func(text string) bool { return gone[text] }))
	}
	if err != nil {
		return fmt.Errorf("history: %w", err)
	}
	return nil
}

func encodeHistory(lines []string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		// A string always has a JSON form.
		_ = encoder.Encode(line)
	}
	return b.Bytes()
}

// replaceHistory writes beside the file and renames, so that a full disk loses nothing.
func replaceHistory(path string, lines []string) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".history-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(encodeHistory(lines))
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}

// The methods below are what the line editor asks for.

// Write does nothing: whether a line may be kept is known only when it has run.
func (h *history) Write(string) (int, error) { return len(h.lines), nil }

// GetLine returns the chunk at position, the oldest at 0.
func (h *history) GetLine(position int) (string, error) {
	if position < 0 || position >= len(h.lines) {
		return "", fmt.Errorf("history: got position %d, want one of %d lines", position, len(h.lines))
	}
	return h.lines[position], nil
}

// Len returns how many chunks there are.
func (h *history) Len() int { return len(h.lines) }

// Dump returns all chunks.
func (h *history) Dump() any { return h.lines }
