namespace Graft.Consensus.Tests.Units;

/// <summary>The configurations in a log, against a scan of all that was ever appended and not taken back.</summary>
public sealed class MembershipLogTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_configuration_is_in_force_from_its_index_on_until_it_is_truncated(ulong seed)
    {
        var random = new SeededRandom(seed);
        var log = new MembershipLog(LogIndex.Zero, Membership.Empty);
        var model = new List<(LogIndex Index, Membership Membership)> { (LogIndex.Zero, Membership.Empty) };

        for (int step = 0; step < 1000; step++)
        {
            Change(log, model, random);

            Assert.Same(model[^1].Membership, log.Latest);
            Assert.Equal(model[^1].Index, log.LatestIndex);
            for (LogIndex index = model[0].Index; index <= log.LatestIndex + 2; index = index.Next)
            {
                AssertSameAt(index, model, log);
            }
        }
    }

    [Fact]
    public void Configurations_are_appended_in_order()
    {
        var log = new MembershipLog(new LogIndex(4), Membership.Of(1));

        Assert.Throws<InvariantViolationException>(() => log.Append(new LogIndex(4), Membership.Of(2)));
    }

    [Fact] // thesis §4.1: a server falls back to the configuration before
    public void Truncation_brings_the_one_before_back()
    {
        var log = new MembershipLog(new LogIndex(1), Membership.Of(1));
        log.Append(new LogIndex(5), Membership.Of(1, 2));

        log.TruncateAfter(new LogIndex(4));

        Assert.Equal((Membership.Of(1), new LogIndex(1)), (log.Latest, log.LatestIndex));
    }

    private static void Change(MembershipLog log, List<(LogIndex Index, Membership Membership)> model, SeededRandom random)
    {
        LogIndex floor = model[0].Index;
        LogIndex somewhere = floor + random.NextBelow(log.LatestIndex - floor + 3);
        Membership members = Membership.Of(random.NextUInt64());
        switch (random.Next(0, 9))
        {
            case 0:
                log.CompactTo(somewhere);
                int keep = model.FindLastIndex(entry => entry.Index <= somewhere);
                model.RemoveRange(0, keep);
                break;
            case 1 or 2:
                log.TruncateAfter(somewhere);
                model.RemoveAll(entry => entry.Index > somewhere && entry != model[0]);
                break;
            case 3 when random.Chance(300):
                log.Reset(somewhere, members);
                model.Clear();
                model.Add((somewhere, members));
                break;
            default:
                LogIndex next = log.LatestIndex + 1 + random.NextBelow(3);
                log.Append(next, members);
                model.Add((next, members));
                break;
        }
    }

    private static void AssertSameAt(LogIndex index, List<(LogIndex Index, Membership Membership)> model, MembershipLog log)
    {
        (LogIndex expectedAt, Membership expected) = model.Last(entry => entry.Index <= index);
        Assert.Same(expected, log.At(index, out LogIndex at));
        Assert.Equal(expectedAt, at);
        Assert.Equal(model.Skip(1).Count(entry => entry.Index > index), log.CountAbove(index));

        (LogIndex Index, Membership Membership)[] above = [.. model.Skip(1).Where(entry => entry.Index >= index)];
        Assert.Equal(above.Length > 0, log.TryFindFrom(index, out LogIndex found, out Membership? membership));
        Assert.Equal(above.Length > 0 ? above[0] : (default, null), (found, membership));
    }
}
