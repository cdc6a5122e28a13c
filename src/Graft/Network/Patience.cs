namespace Graft;

/// <summary>How long to wait at one time, of what is left of a deadline.</summary>
internal static class Patience
{
    // No timer takes more than 49 days, and "as long as it takes" is a deadline too. Whoever waits looks again.
    private static readonly TimeSpan Max = TimeSpan.FromDays(1);
    private static readonly TimeSpan Min = TimeSpan.FromMilliseconds(1);

    /// <summary>What a wait or a call takes: above zero, whatever the clock has come to since it was looked at.</summary>
    internal static TimeSpan Of(TimeSpan left) => left > Max ? Max : left > Min ? left : Min;
}
