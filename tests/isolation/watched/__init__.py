"""What watches over access: promises, access reviews, the company's directory, second factors."""
