namespace Graft.Consensus.Tests;

/// <summary>What the lab's network does to messages that match.</summary>
/// <param name="matches">Which.</param>
/// <param name="copies">How many copies go out: none for a loss, two or more for duplicates.</param>
/// <param name="holds">They are kept back until released.</param>
/// <param name="times">How many messages the rule applies to.</param>
internal sealed class LabRule(Func<Message, bool> matches, int copies, bool holds, int times)
{
    private int _left = times;

    internal int Copies => copies;

    internal bool Holds => holds;

    internal bool Takes(in Message message)
    {
        if (_left == 0 || !matches(message))
        {
            return false;
        }

        _left--;
        return true;
    }
}
