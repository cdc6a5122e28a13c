namespace Graft.Storage.Tests.Disks;

public sealed class DiskSelfTestTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly FaultyCalls _calls = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void This_machine_passes_and_nothing_is_left_behind()
    {
        File.WriteAllText(_directory["self-test"], "left by a start that crashed");

        DiskSelfTestResult result = DiskSelfTest.Run(new FileDisk(_directory.Path));

        Assert.True(result.Passed, result.Failure);
        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact] // H01
    public void A_runtime_that_swallows_the_result_of_a_flush_is_found_out()
    {
        _calls.FlushesAreSwallowed = true;

        DiskSelfTestResult result = DiskSelfTest.Run(new FileDisk(_directory.Path, _calls));

        Assert.False(result.Passed);
        Assert.StartsWith("A flush that must fail succeeded", result.Failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Open")]
    [InlineData("Write")]
    [InlineData("Read")]
    [InlineData("Flush")]
    [InlineData("FlushDirectory")]
    [InlineData("Delete")]
    public void A_directory_on_which_a_call_fails_is_not_trusted(string call)
    {
        _calls.Fail(call, FaultyCalls.EIO);

        DiskSelfTestResult result = DiskSelfTest.Run(new FileDisk(_directory.Path, _calls));

        Assert.False(result.Passed);
        Assert.Contains("errno 5", result.Failure, StringComparison.Ordinal);
    }
}
