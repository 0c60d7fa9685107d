// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptIsToldBeforeTheWorkEnds wants the user to read that the interrupt was heard however soon the work ends.
func TestInterruptIsToldBeforeTheWorkEnds(t *testing.T) {
	t.Parallel()
	interrupts := make(chan os.Signal, 2)
	interrupts <- os.Interrupt
	interrupts <- syscall.SIGTERM
	var happened []string
	heed(
		interrupts,
		func(text string) { happened = append(happened, strings.SplitN(text, ":", 2)[0]) },
		func() { happened = append(happened, "the work ends") },
		func(code int) { happened = append(happened, fmt.Sprintf("exit code %d", code)) },
	)
	if want := []string{"interrupted", "the work ends", "exit code 130"}; !slices.Equal(happened, want) {
		t.Errorf("got %q, want %q", happened, want)
	}
}
