// Package storetest is the one suite that every backend passes, and a store that fails for tests of those who use one.
package storetest
