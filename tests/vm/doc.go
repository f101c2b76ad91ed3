// Program vm seeds by LVM inside of a virtual machine, where there is a device mapper: the service, two agents and two
// MariaDB servers as processes on loopback addresses, the source's data on a logical volume. script/test-lvm builds the
// machine's disk and runs this program in it as the only thing that the machine does.
//
// It makes and removes volume groups on the two disks that it is given. It is for no other machine.
package main
