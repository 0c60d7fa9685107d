// SPDX-License-Identifier: Apache-2.0

package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// tailBytes bounds what is read of a log: a single line of an API server can be many kilobytes.
const tailBytes = 64 << 10

// Tail returns at most the last count lines of a file, without their line ends. A file that does not exist has none.
func Tail(path string, count int) ([]string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("process: open log: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("process: size of log: %w", err)
	}
	offset := max(0, info.Size()-tailBytes)
	content, err := io.ReadAll(io.NewSectionReader(file, offset, tailBytes))
	if err != nil {
		return nil, fmt.Errorf("process: read log: %w", err)
	}
	text := strings.TrimRight(string(content), "\n")
	if text == "" {
		return nil, nil
	}
	lines := strings.Split(text, "\n")
	if offset > 0 && len(lines) > 1 {
		lines = lines[1:] // the first one is cut
	}
	return lines[max(0, len(lines)-count):], nil
}
