// SPDX-License-Identifier: Apache-2.0

package process

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
)

var errZombie = errors.New("it has ended")

// startOf reads when a process started, in ticks since the boot that the boot id names.
func startOf(pid int) (string, error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field is the program's name in parentheses, and may itself contain spaces and parentheses.
	end := bytes.LastIndexByte(content, ')')
	if end < 0 {
		return "", fmt.Errorf("got %q in its stat file, want a name in parentheses", content)
	}
	fields := strings.Fields(string(content[end+1:]))
	const state, threads, start = 0, 17, 19 // fields 3, 20 and 22 of proc(5)
	if len(fields) <= start {
		return "", fmt.Errorf("got %d fields in its stat file, want more than %d", len(fields), start)
	}
	// A process whose first thread has ended is a zombie already while other threads still hold its files and locks.
	if fields[state] == "X" || fields[state] == "Z" && (fields[threads] == "0" || fields[threads] == "1") {
		return "", errZombie
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(string(boot)) + "/" + fields[start], nil
}
