// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package process

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

var errZombie = errors.New("it has ended")

// startOf asks ps, the one interface that all of these systems share.
func startOf(pid int) (string, error) {
	output, err := exec.Command("ps", "-o", "stat=,lstart=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", err
	}
	state, start, _ := strings.Cut(strings.TrimSpace(string(output)), " ")
	if state == "" || strings.HasPrefix(state, "Z") {
		return "", errZombie
	}
	return strings.TrimSpace(start), nil
}
