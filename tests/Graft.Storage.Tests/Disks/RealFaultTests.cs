namespace Graft.Storage.Tests.Disks;

/// <summary>
/// Faults of a real system, met by a real process: Graft.DiskProbe, which prints "acknowledged" where a node would answer its
/// client. Where the machine doesn't allow one it's skipped, with the reason.
/// </summary>
[Trait("kind", "real-faults")]
public sealed class RealFaultTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory] // H01, H06
    [InlineData("EIO", 5)]
    [InlineData("ENOSPC", 28)]
    public async Task Nothing_is_acknowledged_after_a_flush_that_failed(string error, int number)
    {
        string[] lines = await TracedAsync($"fdatasync,fsync:error={error}:when=3", "append", _directory.Path, "5", "100");

        Assert.Equal(5, lines.Length);
        Assert.Equal(["acknowledged 1", "acknowledged 2"], lines[..2]);
        Assert.StartsWith("failed: Failed: Could not flush log: ", lines[2], StringComparison.Ordinal);
        Assert.EndsWith($"(errno {number})", lines[2], StringComparison.Ordinal);
        Assert.StartsWith("flush again: Failed: ", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("write again: Failed: ", lines[4], StringComparison.Ordinal);
        Assert.Equal(3, Calls("fdatasync("));
    }

    [Fact]
    public async Task Nothing_is_acknowledged_after_a_flush_of_the_directory_that_failed()
    {
        string[] lines = await TracedAsync("fdatasync,fsync:error=EIO:when=1", "names", _directory.Path);

        Assert.Equal(2, lines.Length);
        Assert.StartsWith("failed: Failed: Could not flush the data directory: ", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("failed: Failed: Could not flush the data directory: ", lines[1], StringComparison.Ordinal);
        Assert.Equal(1, Calls("fsync("));
    }

    [Theory]
    [InlineData("pwritev", 2)] // the probe's odd records: 1, 3
    [InlineData("pwrite64", 3)] // the even ones: 2, 4
    public async Task A_write_without_space_is_reported_and_not_acknowledged(string call, int acknowledged)
    {
        string[] lines = await TracedAsync($"{call}:error=ENOSPC:when=2", "append", _directory.Path, "9", "100");

        Assert.Equal(
            [
                .. Enumerable.Range(1, acknowledged).Select(i => $"acknowledged {i}"),
                "failed: NoSpace: Could not write log: No space left on device (errno 28)",
                "flush again: succeeded",
                "write again: succeeded",
            ],
            lines);
    }

    [Theory]
    [InlineData("fdatasync")]
    [InlineData("pwritev")]
    [InlineData("pwrite64")]
    public async Task An_interrupted_call_is_made_again(string call)
    {
        string[] lines = await TracedAsync($"{call}:error=EINTR:when=1", "append", _directory.Path, "4", "100");

        Assert.Equal(["acknowledged 1", "acknowledged 2", "acknowledged 3", "acknowledged 4"], lines);
        byte[] log = await File.ReadAllBytesAsync(_directory["log"], TestContext.Current.CancellationToken);
        Assert.Equal([.. Enumerable.Range(1, 4).SelectMany(i => Enumerable.Repeat((byte)i, 100))], log);
    }

    [Fact] // H01
    public async Task The_self_test_refuses_a_system_that_swallows_every_flush()
    {
        string[] lines = await TracedAsync("fdatasync:retval=0", "self-test", _directory.Path);

        Assert.StartsWith("A flush that must fail succeeded", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact] // H11
    public async Task A_full_file_system_is_no_space_and_heals_when_space_is_freed()
    {
        string[] lines = await Probe.RunMountingAsync(
            _directory.Path,
            """
            mkdir full && mount -t tmpfs -o size=1m tmpfs full || exit 77
            exec "$@" fill full
            """);

        Assert.Equal(
            [
                "failed: NoSpace: Could not write log: No space left on device (errno 28)",
                "write after space was freed: succeeded",
                "flush after space was freed: succeeded",
            ],
            lines);
    }

    // The file system believes in 64 MB, and the memory below it ends at 8. Writes go into the page cache and succeed; the flush
    // is the first to hear that they're lost. With a journal it may be the journal that is lost.
    [Theory]
    [InlineData("-O ^has_journal")]
    [InlineData("-O has_journal")]
    public async Task A_device_that_loses_writes_fails_the_flush(string format)
    {
        string[] lines = await Probe.RunMountingAsync(_directory.Path, $"""{OvercommittedDevice(format)} exec "$@" append device 4000 4096""");

        AssertFlushFailed(lines);
    }

    // The second mount reads what the device has, not what the cache had. Records are a page, so that one either fits or doesn't:
    // the loop driver (Linux 6.18) takes a short write to its backing file for a whole one, and then the device itself lies. Now and
    // then the write that it lies about is one of the file system's own blocks. Such a device can't be read and shows nothing, either way.
    [Fact]
    public async Task What_was_acknowledged_before_the_device_lost_writes_is_on_the_device()
    {
        for (int device = 0; device < 8; device++)
        {
            string[] lines = await Probe.RunMountingAsync(
                _directory.Path,
                $"""
                mkdir {device} && cd {device}
                {OvercommittedDevice("-O ^has_journal")}
                "$@" append device 4000 4096 && umount device && mount -o remount,size=64m backing || exit 1
                mount -o loop backing/image device || exit 1
                exec "$@" count device 4096
                """);

            int acknowledged = AssertFlushFailed(lines[..^1]);
            if (lines[^1].StartsWith("found ", StringComparison.Ordinal))
            {
                Assert.InRange(int.Parse(lines[^1]["found ".Length..], null), acknowledged, acknowledged + 1);
                return;
            }
        }

        Assert.Fail("Of eight devices none kept its file system.");
    }

    private static string OvercommittedDevice(string format) =>
        $"""
        mkdir backing device && mount -t tmpfs -o size=8m tmpfs backing || exit 77
        truncate -s 64m backing/image && mkfs.ext4 -q -F -m 0 -b 4096 {format} backing/image || exit 77
        mount -o loop backing/image device || exit 77

        """;

    private static int AssertFlushFailed(string[] lines)
    {
        int acknowledged = lines.TakeWhile(line => line.StartsWith("acknowledged", StringComparison.Ordinal)).Count();
        Assert.NotEqual(0, acknowledged);
        Assert.Equal(acknowledged + 3, lines.Length);
        Assert.StartsWith("failed: Failed: Could not flush log: ", lines[^3], StringComparison.Ordinal);
        Assert.StartsWith("flush again: Failed: ", lines[^2], StringComparison.Ordinal);
        Assert.StartsWith("write again: Failed: ", lines[^1], StringComparison.Ordinal);
        return acknowledged;
    }

    private Task<string[]> TracedAsync(string injection, params string[] arguments) =>
        Probe.RunTracedAsync(_directory["trace"], injection, arguments);

    private int Calls(string call) => File.ReadLines(_directory["trace"]).Count(line => line.Contains($" {call}", StringComparison.Ordinal));
}
