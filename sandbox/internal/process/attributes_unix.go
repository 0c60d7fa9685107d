// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package process

import "syscall"

// childAttributes keeps a terminal's interrupt away from the child. These systems cannot tie a child's life to its parent's: after a crash of the supervisor, the next
// `up` or `down` ends what is left by the recorded process ids.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
