// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// childAttributes makes the kernel kill the child when the thread that started it ends, and keeps a terminal's interrupt away from it: the supervisor decides the order of the end.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
