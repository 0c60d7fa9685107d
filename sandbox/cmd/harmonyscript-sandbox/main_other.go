// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "sandbox: it needs file locks and signals as Unix has them; on this system, use a cluster of your own with --context or --kubeconfig")
	os.Exit(1)
}
