namespace Graft.Network.Tests;

/// <summary>Numbers of writes, and what is said of them to the group.</summary>
public sealed class WriteSessionTests
{
    [Fact]
    public async Task The_numbers_under_way_span_what_the_group_remembers()
    {
        WriteSession session = await OpenAsync(7);
        WriteOptions first = Number(session);
        for (int i = 1; i < WriteSession.SpanMax; i++)
        {
            // Answered at once; the first alone keeps the span from moving.
            session.Answered(7, Number(session).Sequence);
        }

        Assert.False(session.TryNumber(default, out _));
        session.Answered(7, first.Sequence);
        Assert.Equal((ulong)WriteSession.SpanMax + 1, Number(session).AnsweredBelow);
    }

    [Fact]
    public async Task What_is_answered_is_below_the_lowest_that_is_not()
    {
        WriteSession session = await OpenAsync(7);
        WriteOptions first = Number(session);
        WriteOptions second = Number(session);
        session.Answered(7, second.Sequence);
        Assert.Equal(first.Sequence, Number(session).AnsweredBelow);

        session.LeaveUnresolved(7, first.Sequence);
        Assert.Equal(first.Sequence, Number(session).AnsweredBelow);

        session.Answered(7, first.Sequence);
        Assert.Equal(3UL, Number(session).AnsweredBelow);
    }

    [Fact]
    public async Task A_session_is_idle_while_nothing_is_under_way_and_nothing_to_be_asked_about()
    {
        WriteSession session = await OpenAsync(7);
        Assert.True(session.IsIdle);

        ulong number = Number(session).Sequence;
        Assert.False(session.IsIdle);

        session.LeaveUnresolved(7, number);
        Assert.False(session.IsIdle);

        session.Answered(7, number);
        Assert.True(session.IsIdle);
    }

    [Fact]
    public async Task An_unresolved_number_that_stands_in_the_way_retires_its_session()
    {
        WriteSession session = await OpenAsync(7);
        session.LeaveUnresolved(7, Number(session).Sequence);
        for (int i = 1; i < WriteSession.SpanMax; i++)
        {
            Number(session);
        }

        Assert.False(session.TryNumber(default, out _));
        Assert.Equal(0UL, session.Id);
        Assert.Equal(8UL, await OpenAsync(session, 8));
        WriteOptions next = Number(session);
        Assert.Equal((8UL, 1UL, 1UL), (next.Session, next.Sequence, next.AnsweredBelow));
    }

    [Fact]
    public async Task A_number_of_an_earlier_session_answers_none_of_this_one()
    {
        WriteSession session = await OpenAsync(7);
        WriteOptions old = Number(session);
        session.Forget(7);
        await OpenAsync(session, 8);
        WriteOptions living = Number(session);
        Assert.Equal(old.Sequence, living.Sequence);

        session.Answered(7, old.Sequence);

        Assert.Equal(living.Sequence, Number(session).AnsweredBelow);
    }

    [Fact]
    public async Task Whoever_comes_while_it_is_opened_waits_for_the_same_session()
    {
        var session = new WriteSession();
        var answer = new TaskCompletionSource<ulong?>();
        int asked = 0;
        Func<Task<ulong?>> open = () =>
        {
            asked++;
            return answer.Task;
        };
        Task<ulong?> one = session.OpenAsync(open, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None).AsTask();
        Task<ulong?> two = session.OpenAsync(open, TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None).AsTask();
        answer.SetResult(9);

        Assert.Equal((9UL, 9UL, 1), (await one, await two, asked));
    }

    private static WriteOptions Number(WriteSession session)
    {
        Assert.True(session.TryNumber(default, out WriteOptions numbered));
        return numbered;
    }

    private static async Task<WriteSession> OpenAsync(ulong id)
    {
        var session = new WriteSession();
        Assert.Equal(id, await OpenAsync(session, id));
        return session;
    }

    private static Task<ulong?> OpenAsync(WriteSession session, ulong id) =>
        session.OpenAsync(() => Task.FromResult<ulong?>(id), TimeSpan.FromMinutes(1), TimeProvider.System, CancellationToken.None).AsTask();
}
