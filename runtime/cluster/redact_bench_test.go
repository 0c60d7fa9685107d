// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// manySecrets are webhooks, tokens and passwords, as a large deployment has them.
func manySecrets(count int) []string {
	values := make([]string, count)
	for n := range values {
		switch n % 4 {
		case 0:
			values[n] = fmt.Sprintf("https://discord.com/api/webhooks/%018d/aB3-%040d?wait=true", n, n*7919)
		case 1:
			values[n] = fmt.Sprintf("xoxb-%012d-%024d", n, n*104729)
		case 2:
			values[n] = fmt.Sprintf("p@ss \"%d\" & wörd/%08d", n, n*31)
		default:
			values[n] = fmt.Sprintf("https://user%d:pass%09d@hooks.example.com/services/T%08d/B%08d/%024d", n, n, n, n, n*65537)
		}
	}
	return values
}

// BenchmarkRedactor tells how long it takes to learn that many secrets, what memory they keep, and how long a text of 4 KiB takes.
func BenchmarkRedactor(b *testing.B) {
	for _, count := range []int{100, 1000, 10000} {
		values := manySecrets(count)
		text := strings.Repeat("the quick https://discord.com/api/webhooks/ fox says xoxb-no and p@ss; ", 58)[:4096]
		b.Run(fmt.Sprintf("learn-%d", count), func(b *testing.B) {
			b.ReportAllocs()
			var kept float64
			for b.Loop() {
				before := heap()
				r := &Redactor{}
				for _, v := range values {
					r.Add(v)
				}
				r.Text("x")
				kept = float64(heap() - before)
				runtime.KeepAlive(r)
			}
			b.ReportMetric(kept/float64(count), "kept-B/secret")
		})
		b.Run(fmt.Sprintf("text-%d", count), func(b *testing.B) {
			r := &Redactor{}
			for _, v := range values {
				r.Add(v)
			}
			r.Text("x")
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				r.Text(text)
			}
		})
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
