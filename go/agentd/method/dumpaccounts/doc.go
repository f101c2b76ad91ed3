// Package dumpaccounts carries users, roles and privileges from one server to another as statements: those that the source
// prints for itself. The tables of the schema mysql are never copied, because they differ between versions.
//
// Read takes them all, Unknown says what the target could not take, Apply makes them on the target in two steps: users and
// roles before the objects whose definers they are, privileges after the objects that they are on. The target then has
// exactly the source's accounts. The server's internal accounts are left alone on both sides, and the account of the
// session itself is changed in place, never dropped, so that no failure can lock it out.
//
// It imports agentd/host, method/dumpsql and the standard library; no driver.
package dumpaccounts
