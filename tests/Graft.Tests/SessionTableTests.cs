using System.Text;
using Graft.Consensus;
using Graft.Storage;
using Graft.Tests.Machines;

namespace Graft.Tests;

public sealed class SessionTableTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_number_is_applied_once_and_answered_alike_each_time()
    {
        SessionTable table = Opened(out ulong session);

        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(2), Numbered(session, 1), out _));
        table.Record(session, 1, "yes"u8.ToArray());

        Assert.Equal(SessionVerdict.Answered, table.Judge(new LogIndex(3), Numbered(session, 1), out SessionAnswer answer));
        Assert.Equal("yes", Encoding.UTF8.GetString(answer.Answer.Span));
        Assert.Equal(new LogIndex(2), answer.Index);
    }

    [Fact]
    public void What_was_answered_is_forgotten_and_never_applied_again()
    {
        SessionTable table = Opened(out ulong session);
        table.Judge(new LogIndex(2), Numbered(session, 1), out _);

        table.Judge(new LogIndex(3), Numbered(session, 2) with { AnsweredBelow = 2 }, out _);

        Assert.Equal(SessionVerdict.Forgotten, table.Judge(new LogIndex(4), Numbered(session, 1), out _));
    }

    [Fact]
    public void A_fence_before_the_command_keeps_it_out_and_one_behind_it_tells_its_answer()
    {
        SessionTable table = Opened(out ulong session);
        EntryEnvelope fence = Numbered(session, 1) with { Form = WriteForm.Fence };
        Assert.Equal(SessionVerdict.Fenced, table.Judge(new LogIndex(2), fence, out _));
        Assert.Equal(SessionVerdict.Fenced, table.Judge(new LogIndex(3), Numbered(session, 1), out _));

        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(4), Numbered(session, 2), out _));
        Assert.Equal(SessionVerdict.Answered, table.Judge(new LogIndex(5), fence with { Sequence = 2 }, out _));
    }

    [Fact]
    public void A_session_expires_by_the_clock_of_the_log_and_that_never_goes_back()
    {
        SessionTable table = Opened(out ulong session);

        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(2), Numbered(session, 1) with { SessionTicks = Minute.Ticks }, out _));
        table.Open(new LogIndex(3), Minute.Ticks * 3, Minute);

        Assert.Equal(SessionVerdict.Expired, table.Judge(new LogIndex(4), Numbered(session, 2) with { SessionTicks = 0 }, out _));
        Assert.Equal(Minute.Ticks * 3, table.Clock);
    }

    [Fact]
    public void The_one_that_would_expire_first_goes_when_there_are_too_many()
    {
        var table = new SessionTable();
        for (ulong i = 1; i <= SessionTable.SessionsMax + 1; i++)
        {
            table.Open(new LogIndex(i), (long)i, i == 1 ? TimeSpan.FromHours(1) : Minute);
        }

        Assert.Equal(SessionTable.SessionsMax, table.Count);
        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(99_999), Numbered(1, 1), out _));
        Assert.Equal(SessionVerdict.Expired, table.Judge(new LogIndex(99_999), Numbered(2, 1), out _));
    }

    [Fact]
    public void An_answer_that_is_too_large_to_keep_is_given_once_and_its_command_never_applied_again()
    {
        SessionTable table = Opened(out ulong session);
        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(2), Numbered(session, 1), out _));
        table.Record(session, 1, new byte[SessionTable.AnswerMax + 1]);
        Assert.Equal(SessionVerdict.Apply, table.Judge(new LogIndex(3), Numbered(session, 2), out _));
        table.Record(session, 2, new byte[SessionTable.AnswerMax]);
        byte[] written = new byte[table.Size];
        table.Write(written);
        var read = new SessionTable();

        Assert.True(read.TryRead(written));

        Assert.All([table, read], each =>
        {
            Assert.Equal(SessionVerdict.TooLarge, each.Judge(new LogIndex(4), Numbered(session, 1), out _));
            Assert.Equal(SessionVerdict.Answered, each.Judge(new LogIndex(4), Numbered(session, 2), out SessionAnswer kept));
            Assert.Equal(SessionTable.AnswerMax, kept.Answer.Length);
        });
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Where_a_batch_ends_makes_no_difference(ulong seed)
    {
        StoredEntry[] log = EntryLog.Draw(seed, 4000);

        (TestMachine one, byte[] oneState) = await ApplyAsync(log, new SeededRandom(seed + 100), batch: 1);
        (TestMachine other, byte[] otherState) = await ApplyAsync(log, new SeededRandom(seed + 200), batch: 700);

        Assert.Equal(one.Applied, other.Applied);
        Assert.Equal(one.Places, other.Places);
        Assert.Equal(oneState, otherState);
    }

    [Fact]
    public async Task A_snapshot_brings_the_table_back_to_the_byte()
    {
        (TestMachine _, byte[] state) = await ApplyAsync(EntryLog.Draw(9, 1000), new SeededRandom(1), batch: 50);
        var restored = new GroupState();

        restored.Restore(new MemoryStream(state));

        Assert.Equal(state, restored.Encode());
    }

    [Fact]
    public async Task A_head_that_is_cut_or_changed_is_refused_or_read_and_never_throws_anything_else()
    {
        (TestMachine _, byte[] state) = await ApplyAsync(EntryLog.Draw(9, 200), new SeededRandom(1), batch: 50);
        var random = new SeededRandom(5);
        for (int i = 0; i < 5_000; i++)
        {
            byte[] bytes = state[..random.Next(0, state.Length)];
            for (int flip = random.Next(0, 3); flip > 0 && bytes.Length > 0; flip--)
            {
                bytes[random.Next(0, bytes.Length - 1)] ^= (byte)(1 << random.Next(0, 7));
            }

            try
            {
                new GroupState().Restore(new MemoryStream(bytes));
            }
            catch (Exception refused) when (refused is InvalidDataException or EndOfStreamException)
            {
                Assert.NotEmpty(refused.Message);
            }
        }
    }

    private static SessionTable Opened(out ulong session)
    {
        var table = new SessionTable();
        table.Open(new LogIndex(1), clock: 0, Minute);
        session = 1;
        return table;
    }

    private static EntryEnvelope Numbered(ulong session, ulong sequence) => new(WriteForm.Command, 0, 0, session, sequence, 0, 0);

    private static async Task<(TestMachine Machine, byte[] State)> ApplyAsync(StoredEntry[] log, SeededRandom random, int batch)
    {
        var machine = new TestMachine();
        var host = new Host();
        var applier = new Applier(ApplierHarness.Context, machine, host);
        for (int at = 0; at < log.Length;)
        {
            var work = new ApplyWork();
            for (int count = random.Next(1, batch); count > 0 && at < log.Length; count--)
            {
                work.Entries.Add(log[at++]);
            }

            applier.Submit(work);
        }

        applier.Capture();
        applier.Start();
        CapturedState captured = await host.Done.Task;
        applier.Stop();
        await applier.Completion;
        return (machine, captured.Head.ToArray());
    }

    private sealed class Host : IApplierHost
    {
        internal TaskCompletionSource<CapturedState> Done { get; } = new();

        public void Applied(ApplyWork work)
        {
        }

        public void ApplyHalted(ApplyHaltedException why) => Done.TrySetException(why);

        public void ApplierFailed(Exception bug) => Done.TrySetException(bug);

        public void AddressNoted(NodeId node, string address)
        {
        }

        public void Captured(CapturedState captured) => Done.TrySetResult(captured);

        public void CaptureRefused(NotSupportedException refusal) => Done.TrySetException(refusal);

        public void Opened(StatePosition position)
        {
        }

        public void Restored(EntryId snapshot, StatePosition position)
        {
        }

        public void DigestBegun(LogIndex entry, IStateDigest digest) => digest.Dispose();

        public void DigestReported(DigestReport report)
        {
        }

        public void Noted(string text) => Done.TrySetException(new InvalidOperationException(text));
    }
}
