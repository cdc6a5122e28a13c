using Graft.NodeProcess;

namespace Graft.EndToEnd.Tests;

/// <summary>The oracle itself: a ledger that isn't what clients were told is found out.</summary>
public sealed class ClientAccountTests
{
    [Theory]
    [InlineData("1 2 4", "")]
    [InlineData("1 2 4 5", "")]
    [InlineData("1 4", "client 7: number 2 was acknowledged, and is lost")]
    [InlineData("1 2 3 4", "client 7: number 3 was rejected, and is applied")]
    [InlineData("1 2 4 2", "client 7: 1 numbers were applied twice")]
    [InlineData("1 2 4 6", "client 7: number 6 was applied, and never sent")]
    public void A_ledger_is_right_if_it_has_what_was_acknowledged_once_and_nothing_that_was_rejected(string applied, string expected)
    {
        var account = new ClientAccount(7);
        account.Note(1, CallOutcome.Done);
        account.Note(2, CallOutcome.Done);
        account.Note(3, CallOutcome.Rejected);
        account.Note(4, CallOutcome.Done);
        account.Note(5, CallOutcome.Unknown);
        var ledger = new NumberRuns();
        foreach (string number in applied.Split(' '))
        {
            ledger.Add(ulong.Parse(number, System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.Equal(expected, string.Join('\n', account.Compare(NumberRuns.Parse(ledger.ToString()))));
    }
}
