using Graft.Consensus;

namespace Graft.Network.Tests;

/// <summary>What may be said of a write after several attempts (bug museum I01).</summary>
public sealed class WriteFateTests
{
    private static readonly WriteId Numbered = new(default, 7, 1);

    [Theory]
    [InlineData(RejectReason.DiskFull)]
    [InlineData(RejectReason.SessionExpired)]
    [InlineData(RejectReason.NoSuchGroup)]
    public async Task A_refusal_behind_an_attempt_in_doubt_leaves_the_write_in_doubt(RejectReason reason)
    {
        var fate = new WriteFate("");
        Assert.Null(fate.Judge(await InDoubtAsync(), Numbered));

        GraftException? end = fate.Judge(await RefusedAsync(reason), Numbered);

        Assert.Equal(Numbered, Assert.IsType<UnknownOutcomeException>(end).Write);
    }

    [Fact]
    public async Task A_refusal_of_the_only_attempt_is_one_of_the_write()
    {
        GraftException? end = new WriteFate("").Judge(await RefusedAsync(RejectReason.DiskFull), Numbered);

        Assert.Equal(RejectReason.DiskFull, Assert.IsType<RejectedException>(end).Reason);
    }

    [Fact]
    public async Task A_fence_speaks_of_all_attempts()
    {
        var fate = new WriteFate("");
        fate.Judge(await InDoubtAsync(), Numbered);

        GraftException? end = fate.Judge(await RefusedAsync(RejectReason.Fenced), Numbered);

        Assert.Equal(RejectReason.Fenced, Assert.IsType<RejectedException>(end).Reason);
    }

    [Fact]
    public async Task Without_a_number_nothing_in_doubt_is_sent_again()
    {
        var fate = new WriteFate("");
        Assert.Null(fate.Judge(await RefusedAsync(RejectReason.NotLeader), default));

        Assert.IsType<UnknownOutcomeException>(fate.Judge(await InDoubtAsync(), default));
    }

    [Fact]
    public async Task At_the_end_doubt_is_told_and_so_is_overload()
    {
        var doubtful = new WriteFate("");
        doubtful.Judge(await InDoubtAsync(), Numbered);
        doubtful.Judge(await RefusedAsync(RejectReason.NotLeader), Numbered);
        var overloaded = new WriteFate("");
        overloaded.Judge(
            await WriteAttempt.OfAsync("n1", ValueTask.FromResult(new CallReply(CallStatus.Overloaded, default, TimeSpan.FromSeconds(3)))), Numbered);

        Assert.IsType<UnknownOutcomeException>(doubtful.GiveUp(new GroupId(1), Numbered));
        Assert.Equal(TimeSpan.FromSeconds(3), Assert.IsType<OverloadedException>(overloaded.GiveUp(new GroupId(1), Numbered)).RetryAfter);
        Assert.Equal(RejectReason.NoLeader, Assert.IsType<RejectedException>(new WriteFate("").GiveUp(new GroupId(1), Numbered)).Reason);
    }

    private static ValueTask<WriteAttempt> InDoubtAsync() =>
        WriteAttempt.OfAsync("n1", ValueTask.FromResult(new CallReply(CallStatus.DeadlineExceeded, default)));

    private static ValueTask<WriteAttempt> RefusedAsync(RejectReason reason) =>
        WriteAttempt.OfAsync("n1", ValueTask.FromResult(new CallReply(ReplyStatus.Rejected, new FailureReply(reason, null, default, "no").Encode())));
}
