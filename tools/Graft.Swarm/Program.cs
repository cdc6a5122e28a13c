Console.Error.WriteLine("usage: ./swarm [arguments]");
Console.Error.WriteLine("The simulator has no command line yet.");
return 2;
