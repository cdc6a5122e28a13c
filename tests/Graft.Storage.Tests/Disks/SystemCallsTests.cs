namespace Graft.Storage.Tests.Disks;

/// <summary>The numbers of three systems. Whoever changes one should have its header file open.</summary>
public sealed class SystemCallsTests
{
    [Theory]
    [InlineData(28, DiskError.NoSpace)] // ENOSPC
    [InlineData(122, DiskError.NoSpace)] // EDQUOT
    [InlineData(27, DiskError.Failed)] // EFBIG: freeing space doesn't help
    [InlineData(5, DiskError.Failed)] // EIO
    [InlineData(22, DiskError.Failed)] // EINVAL
    [InlineData(24, DiskError.Failed)] // EMFILE
    [InlineData(2, DiskError.NotFound)] // ENOENT
    [InlineData(20, DiskError.NotFound)] // ENOTDIR
    [InlineData(17, DiskError.Exists)] // EEXIST
    [InlineData(13, DiskError.Denied)] // EACCES
    [InlineData(1, DiskError.Denied)] // EPERM
    [InlineData(30, DiskError.Denied)] // EROFS
    [InlineData(11, DiskError.Locked)] // EWOULDBLOCK
    public void Linux_means(int error, DiskError meaning) => Assert.Equal(meaning, new LinuxCalls().Classify(error));

    [Theory]
    [InlineData(28, DiskError.NoSpace)] // ENOSPC
    [InlineData(69, DiskError.NoSpace)] // EDQUOT
    [InlineData(122, DiskError.Failed)]
    [InlineData(5, DiskError.Failed)] // EIO
    [InlineData(45, DiskError.Failed)] // ENOTSUP
    [InlineData(2, DiskError.NotFound)] // ENOENT
    [InlineData(17, DiskError.Exists)] // EEXIST
    [InlineData(30, DiskError.Denied)] // EROFS
    [InlineData(35, DiskError.Locked)] // EWOULDBLOCK
    [InlineData(11, DiskError.Failed)] // EDEADLK
    public void MacOS_means(int error, DiskError meaning) => Assert.Equal(meaning, new MacCalls().Classify(error));

    [Theory]
    [InlineData(112, DiskError.NoSpace)] // ERROR_DISK_FULL
    [InlineData(39, DiskError.NoSpace)] // ERROR_HANDLE_DISK_FULL
    [InlineData(1295, DiskError.NoSpace)] // ERROR_DISK_QUOTA_EXCEEDED
    [InlineData(2, DiskError.NotFound)] // ERROR_FILE_NOT_FOUND
    [InlineData(3, DiskError.NotFound)] // ERROR_PATH_NOT_FOUND
    [InlineData(80, DiskError.Exists)] // ERROR_FILE_EXISTS
    [InlineData(183, DiskError.Exists)] // ERROR_ALREADY_EXISTS
    [InlineData(5, DiskError.Denied)] // ERROR_ACCESS_DENIED
    [InlineData(32, DiskError.Denied)] // ERROR_SHARING_VIOLATION
    [InlineData(33, DiskError.Locked)] // ERROR_LOCK_VIOLATION
    [InlineData(4, DiskError.Failed)] // ERROR_TOO_MANY_OPEN_FILES, and not EINTR
    [InlineData(1117, DiskError.Failed)] // ERROR_IO_DEVICE
    public void Windows_means(int error, DiskError meaning) => Assert.Equal(meaning, new WindowsCalls().Classify(error));

    [Fact]
    public void Only_a_Unix_interrupts()
    {
        Assert.True(new LinuxCalls().IsInterrupted(4));
        Assert.True(new MacCalls().IsInterrupted(4));
        Assert.False(new WindowsCalls().IsInterrupted(4));
    }

    [Fact]
    public void A_flush_that_macOS_cannot_do_says_what_is_missing() =>
        Assert.Contains("F_FULLFSYNC", new MacCalls().Describe(45), StringComparison.Ordinal);
}
