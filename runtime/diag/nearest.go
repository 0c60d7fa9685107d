// SPDX-License-Identifier: Apache-2.0

// This file finds the name that was probably meant.

package diag

import "strings"

// maxWord is the longest word that is compared, in bytes.
const maxWord = 200

// Nearest returns the candidate that name was most likely meant to be, or "" when none is near: at most a
// third of the longer word may differ, counted in insertions, deletions, changes and swaps of neighbours. Of
// two that are as near, the one that begins alike is taken: people lose letters at the end of words.
func Nearest(name string, candidates []string) string {
	// Nobody misspells a word of hundreds of letters, and comparing takes the product of both lengths.
	if len(name) > maxWord {
		return ""
	}
	best, bestDistance, bestPrefix := "", 1<<30, 0
	for _, candidate := range candidates {
		distance, prefix := editDistance(strings.ToLower(name), strings.ToLower(candidate)), commonPrefix(name, candidate)
		limit := max(len(name), len(candidate))/3 + 1
		nearer := distance < bestDistance || distance == bestDistance && prefix > bestPrefix
		if nearer && distance <= limit && distance < len(candidate) {
			best, bestDistance, bestPrefix = candidate, distance, prefix
		}
	}
	return best
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n]|0x20 == b[n]|0x20 {
		n++
	}
	return n
}

// editDistance is the Damerau-Levenshtein distance (optimal string alignment).
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
